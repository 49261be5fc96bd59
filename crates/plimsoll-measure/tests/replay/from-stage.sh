# The image stands on an earlier stage, and takes files of another.
# setups
put Dockerfile <<'EOF'
FROM base AS deps
COPY package.json /
RUN cat /package.json /nonce > /modules
FROM deps AS build
COPY src /src
RUN cat /src/a.js /modules > /bundle
FROM deps
COPY --from=build /bundle /bundle
COPY README.md /
RUN ls / > /list
EOF
put .dockerignore <<< '.git'
put package.json <<< 'p'
put src/a.js <<< 'a'
put README.md <<< 'r'
commit first
git commit -q --allow-empty -m 'nothing'
put README.md <<< 's'
commit 'the last stage only'
put src/a.js <<< 'b'
commit 'the stage beside'
put src/b.js <<< 'b'
commit 'a source that the bundle does not have'
git commit -q --allow-empty -m 'nothing after the same bytes'
put README.md <<< 't'
commit 'the last stage after the same bytes'
put package.json <<< 'q'
commit 'what both stand on'
