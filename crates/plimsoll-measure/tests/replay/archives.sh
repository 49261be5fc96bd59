# ADD: files, folders and archives, which are compared as they are.
put Dockerfile <<'EOF'
FROM base
ADD data.tar /data/
RUN ls /data > /one
ADD conf /conf
ADD --chown=1:1 one.txt two.txt /texts/
EOF
put .dockerignore <<< '.git'
put inner/a.txt <<< 'a'
tar --mtime=2020-01-01 -cf data.tar inner
put conf/c.ini <<< 'c'
put one.txt <<< '1'
put two.txt <<< '2'
commit first
tar --mtime=2021-01-01 -cf data.tar inner
commit 'the same files in another archive'
put two.txt <<< '3'
commit 'one of several'
sed -i 's/chown=1:1/chown=2:1/' Dockerfile
commit 'an owner'
sed -i 's/^ADD conf/COPY conf/' Dockerfile
commit 'COPY for ADD'
