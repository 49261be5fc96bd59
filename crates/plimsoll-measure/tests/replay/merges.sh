# A branch that is merged: the first parents are what is built.
put Dockerfile <<'EOF'
FROM base
COPY a.txt /
RUN true
COPY b.txt /
EOF
put .dockerignore <<< '.git'
put a.txt <<< '1'
put b.txt <<< '1'
commit first
git checkout -q -b feature
put a.txt <<< '2'
commit 'on the branch'
put a.txt <<< '3'
commit 'on the branch again'
git checkout -q main
put b.txt <<< '2'
commit 'meanwhile'
git merge -q --no-ff -m 'merge' feature
put a.txt <<< '1'
commit 'back again'
