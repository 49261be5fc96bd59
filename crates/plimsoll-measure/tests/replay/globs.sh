# Patterns of COPY: what matches, what no longer does, and several sources.
put Dockerfile <<'EOF'
FROM base
COPY package*.json /app/
RUN ls /app > /one
COPY *.py conf/*.y?ml /app/
RUN ls /app > /two
COPY src/*/index.[jt]s /app/src/
RUN ls /app/src > /three
COPY missing* conf/app.yaml /app/more/
EOF
put .dockerignore <<< '.git'
put package.json <<< '{}'
put a.py <<< 'a'
put conf/app.yaml <<< 'y'
put src/one/index.js <<< '1'
commit first
put package-lock.json <<< '{}'
commit 'a second file matches'
put b.txt <<< 'b'
commit 'no match'
put b.py <<< 'b'
commit 'one more in the second'
git mv b.py c.py
commit 'the same content under another name'
put src/two/index.ts <<< '2'
commit 'a folder more'
put src/two/other.ts <<< '2'
commit 'not this one'
git mv src/one src/uno
commit 'the folder is named otherwise, the file is not'
put conf/app.yml <<< 'y'
commit 'yml'
put missing.txt <<< 'm'
commit 'what was missing'
