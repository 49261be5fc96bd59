# Exceptions, folders that end up empty, and the file beside the Dockerfile.
# dockerfile: deploy/Dockerfile
put deploy/Dockerfile <<'EOF'
FROM base
COPY . /all
RUN ls -R /all > /one
COPY src /src
EOF
put deploy/Dockerfile.dockerignore <<'EOF'
**
!src
!keep
src/**/*.md
keep/*
!keep/this.txt
EOF
put .dockerignore <<< 'src'
put src/a.js <<< 'a'
put keep/this.txt <<< 't'
commit first
put other/x.txt <<< 'x'
commit 'not sent'
put src/docs/a.md <<< 'm'
commit 'a folder in which everything is ignored'
put src/docs/b.md <<< 'm'
commit 'one more in it'
put keep/that.txt <<< 't'
commit 'not the one that is kept'
put keep/this.txt <<< 'u'
commit 'the one that is kept'
put .dockerignore <<< 'keep'
commit 'the file that does not count'
printf '**\n!src\n!keep\nkeep/*\n!keep/this.txt\n' > deploy/Dockerfile.dockerignore
commit 'the pattern for documents goes'
git rm -q -r src/docs
commit 'and so do they'
