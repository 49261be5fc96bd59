# The user of a RUN.
put Dockerfile <<'EOF'
FROM base
COPY a.txt /
USER root
RUN true
EOF
put .dockerignore <<< '.git'
put a.txt <<< 'a'
commit first
sed -i 's/^USER root/USER 0/' Dockerfile
commit 'the user'
