# Everything is copied before the install; an ignore file comes later and changes.
put Dockerfile <<'EOF'
FROM base
COPY . /app
RUN cat /app/package.json > /installed
EOF
put .dockerignore <<< '.git'
put package.json <<< '{}'
put src/index.js <<< '1'
commit first
put README.md <<< 'a'
commit 'a readme'
printf '.git\n*.md\n' > .dockerignore
commit 'ignore it (the ignore file itself is copied)'
put README.md <<< 'b'
commit 'the readme again'
printf '.git\n*.md\n.dockerignore\nDockerfile\n' > .dockerignore
commit 'ignore the ignore file'
printf '# a comment\n.git\n*.md\n.dockerignore\nDockerfile\ndocs\n' > .dockerignore
commit 'a pattern that matches nothing'
put docs/guide/a.txt <<< 'x'
commit 'an ignored folder'
