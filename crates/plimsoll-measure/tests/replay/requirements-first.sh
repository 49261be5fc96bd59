# The usual order: manifest, install, then everything. A revert finds the first build again.
put Dockerfile <<'EOF'
FROM base
WORKDIR /app
COPY requirements.txt .
RUN cat requirements.txt > /installed
COPY . .
RUN ls -R . > /listing
CMD ["cat", "/listing"]
EOF
put requirements.txt <<< 'flask==3.0'
put app.py <<< 'print(1)'
put .dockerignore <<< '.git'
commit first
put app.py <<< 'print(2)'
commit 'change the app'
put README.md <<< 'hello'
commit 'add a readme'
put requirements.txt <<< 'flask==3.1'
commit 'change a requirement'
git revert --no-edit HEAD > /dev/null
git revert --no-edit HEAD~2 > /dev/null
put tests/a/b.py <<< 'x'
commit 'add a test'
git mv app.py main.py
commit 'rename'
git commit -q --allow-empty -m 'nothing'
