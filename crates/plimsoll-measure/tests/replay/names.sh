# Names with blanks, with letters of other alphabets, and long paths.
put Dockerfile <<'EOF'
FROM base
COPY ["my file.txt", "/my file.txt"]
COPY übung /übung
RUN true
COPY deep /deep
EOF
put .dockerignore <<< '.git'
put 'my file.txt' <<< 'm'
put 'übung/日本.txt' <<< 'j'
put deep/a/b/c/d/e/f/g/h.txt <<< 'h'
put deep/a-b/x <<< 'x'
put deep/a.b/x <<< 'x'
commit first
put 'my file.txt' <<< 'n'
commit 'a blank'
put 'übung/日本.txt' <<< 'k'
commit 'an alphabet'
put deep/a/b/c/d/e/f/g/h.txt <<< 'i'
commit 'deep'
git mv deep/a-b deep/a+b
commit 'a sibling'
