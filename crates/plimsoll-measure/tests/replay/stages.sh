# Stages: what a stage writes may be the same bytes after it ran again.
# setups
put Dockerfile <<'EOF'
FROM base AS build
WORKDIR /src
COPY go.mod ./
RUN sort go.mod > /deps
COPY cmd cmd
RUN cat cmd/main.go > /bin/service

FROM base AS unused
COPY docs /docs
RUN ls /docs

FROM base
COPY --from=build /bin/service /bin/service
COPY --from=build /deps /deps
RUN test -s /bin/service
COPY static /static
EOF
put .dockerignore <<< '.git'
put go.mod <<< 'module a'
put cmd/main.go <<< 'one'
put docs/index.md <<< 'd'
put static/style.css <<< 's'
commit first
put static/style.css <<< 't'
commit 'the last stage only'
put cmd/main.go <<< 'two'
commit 'the program'
put docs/index.md <<< 'e'
commit 'a stage that is not built'
printf 'b\na\n' > go.mod
commit 'the module'
printf 'a\nb\n' > go.mod
commit 'other bytes in, the same bytes out'
put cmd/README <<< 'r'
commit 'beside the program'
