# --link: files that do not depend on what is below them, also in a stage on nothing, with a mode
# and from another stage.
# needs: current
# setups
put Dockerfile <<'EOF'
FROM base AS tools
COPY tool.txt /tool.txt
RUN cat /tool.txt > /built
FROM scratch AS files
COPY --link a.txt /a.txt
COPY --link b.txt /b.txt
FROM base
WORKDIR /app
COPY base.txt .
COPY --link a.txt ./
COPY --link --chmod=644 b.txt c/
COPY --link --from=tools /built /built
COPY --link --from=files / /files/
RUN cat a.txt > /one
EOF
put .dockerignore <<< '.git'
cp "$NONCE" a.txt
{ cat "$NONCE"; echo b; } > b.txt
put base.txt <<< 'b'
put tool.txt <<< 't'
commit first
put base.txt <<< 'c'
commit 'below the links'
put b.txt <<< 'b'
commit 'one of two linked files'
put tool.txt <<< 'u'
commit 'a linked stage'
sed -i 's/^COPY --link a.txt .\//COPY a.txt .\//' Dockerfile
commit 'no link'
sed -i 's/^COPY a.txt .\//COPY --link a.txt .\//' Dockerfile
commit 'a link again'
