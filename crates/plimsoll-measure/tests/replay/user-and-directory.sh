# The user owns a new working directory, and a slash at its end means nothing.
# needs: current
put Dockerfile <<'EOF'
FROM base
USER root
WORKDIR /app
COPY a.txt .
RUN true
EOF
put .dockerignore <<< '.git'
put a.txt <<< 'a'
commit first
sed -i 's/^WORKDIR \/app/WORKDIR \/app\//' Dockerfile
commit 'a slash'
sed -i 's/^USER root/USER 0/' Dockerfile
commit 'the user'
sed -i 's/^USER 0/USER 0\nUSER root/' Dockerfile
commit 'the same user again'
