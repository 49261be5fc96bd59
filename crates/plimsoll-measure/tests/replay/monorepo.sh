# A context below the root, with its ignore file; the Dockerfile lies elsewhere.
# dockerfile: docker/api.Dockerfile
# context: services/api
put docker/api.Dockerfile <<'EOF'
FROM base
COPY pyproject.toml /app/
RUN cat /app/pyproject.toml > /one
COPY . /app
EOF
put services/api/.dockerignore <<< 'tests'
put services/api/pyproject.toml <<< 'a'
put services/api/app/main.py <<< 'm'
put services/web/index.js <<< 'w'
commit first
put services/web/index.js <<< 'x'
commit 'another service'
put services/api/tests/a.py <<< 't'
commit 'ignored'
put services/api/app/main.py <<< 'n'
commit 'the service'
put .dockerignore <<< 'services'
commit 'an ignore file that does not count'
put services/api/.dockerignore <<< 'nothing'
commit 'the one that does'
