# Without an ignore file .git is copied: no build is like the one before.
put Dockerfile <<'EOF'
FROM base
COPY requirements.txt /app/
RUN true
COPY . /app
RUN ls /app
EOF
put requirements.txt <<< 'r'
commit first
git commit -q --allow-empty -m 'nothing'
put requirements.txt <<< 's'
commit 'a requirement'
printf '.git\n!.git/HEAD\n' > .dockerignore
commit 'all but a part of it'
git commit -q --allow-empty -m 'nothing'
printf '.git\n' > .dockerignore
commit 'none of it'
git commit -q --allow-empty -m 'nothing'
printf '**\n!**/requirements.txt\n' > .dockerignore
commit 'nothing but what an exception names'
git commit -q --allow-empty -m 'nothing'
