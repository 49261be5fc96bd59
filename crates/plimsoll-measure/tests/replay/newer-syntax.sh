# Heredocs, --link, --parents and --exclude.
# needs: current
put Dockerfile <<'EOF'
FROM base
RUN <<SH
cat /nonce
echo one
SH
COPY <<TXT /greeting.txt
hello
TXT
COPY a.txt /a.txt
COPY --link b.txt /b.txt
COPY --parents ./deep/./*/x.txt /parents/
COPY --exclude=*.md docs /docs
RUN ls -R /docs > /list
COPY --chmod=755 b.txt /c.txt
EOF
put .dockerignore <<< '.git'
put a.txt <<< 'a'
{ cat "$NONCE"; echo newer; } > b.txt
put deep/one/x.txt <<< 'x'
put docs/a.txt <<< 'a'
put docs/a.md <<< 'a'
commit first
put a.txt <<< 'b'
commit 'below the link'
put docs/a.md <<< 'b'
commit 'what is excluded'
put docs/sub/b.md <<< 'b'
commit 'excluded only at the top'
put deep/two/x.txt <<< 'x'
commit 'one more'
put deep/two/y.txt <<< 'x'
commit 'beside it'
git mv deep/two deep/three
commit 'under another name'
sed -i 's/^hello/good day/' Dockerfile
commit 'the text'
sed -i 's/^echo one/echo two/' Dockerfile
commit 'the script'
cat "$NONCE" "$NONCE" > b.txt
commit 'what is linked'
