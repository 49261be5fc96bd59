# A stage that only holds files: they are compared by content.
put Dockerfile <<'EOF'
FROM scratch AS files
COPY . /
FROM base
COPY --from=files /nonce /src/a.txt /a/
RUN ls /a > /one
COPY --from=files /src /src
RUN ls /src > /two
EOF
put .dockerignore <<< '.git'
cp "$NONCE" nonce
put src/a.txt <<< 'a'
commit first
put README.md <<< 'r'
commit 'beside what is copied'
put src/b.txt <<< 'b'
commit 'in the folder'
put src/a.txt <<< 'c'
commit 'the file'
