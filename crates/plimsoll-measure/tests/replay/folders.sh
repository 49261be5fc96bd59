# --parents and --exclude: which folders count, from where names are taken, and what is written
# otherwise but means the same.
# needs: current
put Dockerfile <<'EOF'
FROM base
COPY --parents src/*/package.json lib/one/package.json /manifests/
RUN ls -R /manifests > /one
COPY --parents src/./one/ /pivot/
COPY --exclude=**/*.md --exclude=node_modules src /src
RUN ls -R /src > /two
COPY --exclude=*.md docs/* /docs/
COPY --parents --exclude=**/test src/**/*.js /tests/
COPY --parents --exclude=one/*.md ./src/./*/*.md /texts/
EOF
put .dockerignore <<< '.git'
put src/one/package.json <<< '1'
put src/two/package.json <<< '2'
put lib/one/package.json <<< 'l'
put src/one/index.js <<< 'i'
put docs/guide/a.txt <<< 'g'
put docs/b.md <<< 'b'
commit first
put src/two/index.js <<< 'i'
commit 'beside a manifest'
put src/three/README.md <<< 'r'
commit 'a folder of which only the excluded is there'
put src/three/README.md <<< 's'
commit 'the excluded file'
put src/node_modules/a.js <<< 'a'
commit 'an excluded folder'
put docs/guide/b.md <<< 'b'
commit 'excluded below a match'
put docs/c.md <<< 'c'
commit 'excluded as a match'
put src/one/test/a.js <<< 't'
commit 'an excluded folder of a pattern'
put lib/two/package.json <<< 'l'
commit 'not this one'
put src/one/a.md <<< 'a'
commit 'excluded from where names are taken'
git mv src/two src/twice
commit 'a folder is named otherwise'
sed -i 's/--parents src\/.\/one\/ /--parents src\/.\/one /' Dockerfile
commit 'without the slash'
sed -i 's/--parents src\/.\/one /--parents .\/src\/.\/one /' Dockerfile
commit 'from here'
