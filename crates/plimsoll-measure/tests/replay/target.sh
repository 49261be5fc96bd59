# A target in the middle of the file.
# setups
# target: api
put Dockerfile <<'EOF'
FROM base AS common
WORKDIR /app
COPY common.txt .
FROM common AS api
COPY api.txt .
RUN ls > /api
FROM common AS worker
COPY worker.txt .
RUN ls > /worker
EOF
put .dockerignore <<< '.git'
put common.txt <<< 'c'
put api.txt <<< 'a'
put worker.txt <<< 'w'
commit first
put worker.txt <<< 'x'
commit 'another target'
put api.txt <<< 'b'
commit 'this target'
put common.txt <<< 'd'
commit 'what both stand on'
sed -i 's/ls > \/worker/ls -l > \/worker/' Dockerfile
commit 'an instruction of another target'
