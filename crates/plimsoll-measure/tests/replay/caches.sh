# Mounted caches: which one it is does not count, unless it is the usual one.
# (BuildKit 20.10 compares the name and the sharing of those that have a name, and no owner.)
# needs: current
put Dockerfile <<'EOF'
FROM base
RUN --mount=type=cache,target=/one cat /nonce > /one/x
RUN --mount=type=cache,target=/two,id=two true
RUN --mount=type=cache,target=/three,sharing=locked true
RUN --mount=type=cache,target=/four,uid=1,mode=0700 true
EOF
put .dockerignore <<< '.git'
commit first
sed -i 's/id=two/id=\/two/' Dockerfile
commit 'the same cache, but another key'
sed -i 's/id=.two/id=other/' Dockerfile
commit 'another name'
sed -i 's/id=other/id=other,sharing=private/' Dockerfile
commit 'shared otherwise'
sed -i 's/sharing=locked/sharing=private/' Dockerfile
commit 'shared otherwise, by its target'
sed -i 's/,sharing=private true/ true/' Dockerfile
commit 'as usual'
sed -i 's/uid=1/uid=2/' Dockerfile
commit 'an owner'
sed -i 's/id=other/id=\/two/' Dockerfile
commit 'the name of the target'
sed -i 's/target=\/one /target=\/one,sharing=shared /' Dockerfile
commit 'what is usual, said aloud'
