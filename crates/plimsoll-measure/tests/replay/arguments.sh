# Build arguments and variables reach every RUN below them, and COPY only where they are used.
# changing: COMMIT
# arg: FLAVOUR=plain
put Dockerfile <<'EOF'
ARG FLAVOUR
FROM base
ARG FLAVOUR
ENV LANG=C HOME=/root
RUN echo $FLAVOUR > /flavour
COPY app.txt /app.txt
ENV MODE=fast
RUN cat /app.txt > /one
ARG COMMIT
COPY app.txt /copy.txt
RUN echo no use of it > /two
COPY app.txt /again.txt
LABEL commit=$COMMIT
WORKDIR /srv
COPY app.txt .
EOF
put .dockerignore <<< '.git'
put app.txt <<< 'a'
commit first
put other.txt <<< 'b'
commit 'another commit'
sed -i 's/MODE=fast/MODE=slow/' Dockerfile
commit 'a variable'
sed -i 's/LANG=C HOME=\/root/HOME=\/root LANG=C/' Dockerfile
commit 'the order of variables'
sed -i 's/LABEL commit/LABEL revision/' Dockerfile
commit 'a label'
sed -i 's/MODE=slow/MODE=${FLAVOUR:-x}/' Dockerfile
commit 'a variable from an argument'
sed -i 's/^COPY app.txt \/again.txt/COPY app.txt \/${MODE}.txt/' Dockerfile
commit 'a variable in a path'
