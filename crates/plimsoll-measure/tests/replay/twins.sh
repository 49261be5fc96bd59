# The same work in two stages is done once.
# setups
put Dockerfile <<'EOF'
FROM base AS deps
COPY package.json /
RUN cat /package.json > /deps
FROM base AS build
COPY package.json /
RUN cat /package.json > /deps
COPY src /src
RUN ls /src > /built
FROM base
COPY --from=deps /deps /deps
COPY --from=build /built /built
EOF
put .dockerignore <<< '.git'
put package.json <<< 'p'
put src/a.js <<< 'a'
commit first
put src/a.js <<< 'b'
commit 'a source: the same listing'
put src/b.js <<< 'b'
commit 'a source more: another listing'
put package.json <<< 'q'
commit 'the manifest'
