# Patterns within paths: the folders between count, unless one file matches that the pattern names.
# BuildKit 20.10 compares the last part of a path only.
# needs: current
put Dockerfile <<'EOF'
FROM base
COPY src/*/index.[jt]s /app/src/
RUN cat /nonce > /one
COPY one/*/x.txt /x/
COPY two/*/*.txt /y/
COPY --exclude=*.md docs/* /docs/
EOF
put .dockerignore <<< '.git'
put src/one/index.js <<< '1'
put src/two/index.ts <<< '2'
put one/a/x.txt <<< 'x'
put two/a/x.txt <<< 'x'
put docs/a/a.txt <<< 'a'
commit first
git mv src/one src/ona
commit 'a folder is named otherwise'
git mv one/a one/b
commit 'the folder of a file that the pattern names'
git mv two/a two/b
commit 'the folder of another'
git mv docs/a docs/b
commit 'a folder that matches'
put docs/b/b.md <<< 'b'
commit 'what is excluded in it'
