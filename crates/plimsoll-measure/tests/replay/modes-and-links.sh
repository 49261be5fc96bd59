# Executable files, links, and links on the way.
put Dockerfile <<'EOF'
FROM base
COPY run.sh /run.sh
RUN ls -l /run.sh > /one
COPY current /current
COPY tree /tree
COPY linked/file.txt /file.txt
RUN ls -lR /tree > /two
EOF
put .dockerignore <<< '.git'
put run.sh <<< 'echo'
put versions/1/a.txt <<< 'one'
put versions/2/a.txt <<< 'two'
put tree/file <<< 'f'
put real/file.txt <<< 'r'
ln -s versions/1 current
ln -s file tree/link
ln -s real linked
commit first
chmod +x run.sh
commit 'executable'
ln -sfn versions/2 current
commit 'the link to a folder'
put versions/1/a.txt <<< 'other'
commit 'where the link no longer leads'
put versions/2/a.txt <<< 'other'
commit 'where it leads'
ln -sfn nothing tree/link
commit 'a link within a folder'
put real/file.txt <<< 's'
commit 'through a linked folder'
put real/more.txt <<< 's'
commit 'beside it'
chmod +x tree/file
commit 'executable in a folder'
