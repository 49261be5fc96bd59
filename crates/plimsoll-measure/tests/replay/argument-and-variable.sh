# The same name as ARG and as ENV, in both orders, and across stages.
put Dockerfile <<'EOF'
FROM base AS one
ENV NAME=env
ARG NAME=arg
RUN echo $NAME > /one
FROM one AS two
ARG OTHER=x
RUN echo $OTHER$NAME > /two
FROM two
ARG OTHER
RUN echo "$OTHER" > /three
EOF
put .dockerignore <<< '.git'
commit first
sed -i 's/NAME=arg/NAME=brg/' Dockerfile
commit 'the argument'
sed -i 's/NAME=env/NAME=fnv/' Dockerfile
commit 'the variable'
sed -i 's/OTHER=x/OTHER=y/' Dockerfile
commit 'the argument of a stage'
sed -i 's/^ENV NAME=fnv/ENV MORE=1/' Dockerfile
commit 'another variable'
