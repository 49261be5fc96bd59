# Mounts of RUN: what they bring counts, where from does not.
put Dockerfile <<'EOF'
FROM base AS tools
COPY tools /tools
FROM base
RUN --mount=type=bind,source=requirements.txt,target=/r.txt cat /r.txt > /one
RUN --mount=type=cache,target=/cache echo > /cache/x
RUN --mount=type=bind,from=tools,source=/tools,target=/t ls /t > /two
RUN --mount=type=secret,id=token true
RUN --mount=type=bind,target=/ctx,rw ls /ctx > /three
RUN --mount=type=tmpfs,target=/t true
EOF
put .dockerignore <<< '.git'
put requirements.txt <<< 'a'
put tools/t.sh <<< 't'
commit first
put requirements.txt <<< 'b'
commit 'a mounted file'
put tools/t.sh <<< 'u'
commit 'a mounted stage'
put other.txt <<< 'o'
commit 'a mounted context'
mkdir -p list && git mv requirements.txt list/all.txt
sed -i 's/source=requirements.txt/source=list\/all.txt/' Dockerfile
commit 'the same file from elsewhere'
sed -i 's/target=\/cache/target=\/cache2/; s/cache\/x/cache2\/x/' Dockerfile
commit 'another cache'
sed -i 's/id=token/id=password/' Dockerfile
commit 'another secret'
