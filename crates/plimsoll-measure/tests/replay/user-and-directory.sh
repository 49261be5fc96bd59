# The user owns a new working directory, a RUN has its directory as it is written, and there are
# several ways to write an owner and a mode.
put Dockerfile <<'EOF'
FROM base
USER root
WORKDIR /app
COPY --chown=root:root a.txt .
RUN true
COPY --chmod=0755 a.txt sub/
WORKDIR sub
RUN pwd
EOF
put .dockerignore <<< '.git'
put a.txt <<< 'a'
commit first
sed -i 's/^WORKDIR \/app/WORKDIR \/app\//' Dockerfile
commit 'a slash'
sed -i 's/^WORKDIR sub/WORKDIR .\/sub\//' Dockerfile
commit 'a slash below it'
sed -i 's/^USER root/USER 0/' Dockerfile
commit 'the user as a number'
sed -i 's/^USER 0/USER 1/' Dockerfile
commit 'another user'
sed -i 's/^USER 1/USER 1\nUSER 0:0/' Dockerfile
commit 'the user again, with a group'
sed -i 's/chown=root:root/chown=0:00/' Dockerfile
commit 'the owner as numbers'
sed -i 's/chown=0:00/chown=0/' Dockerfile
commit 'the owner alone'
sed -i 's/chmod=0755/chmod=755/' Dockerfile
commit 'the same mode'
sed -i 's/chmod=755/chmod=750/' Dockerfile
commit 'another mode'
