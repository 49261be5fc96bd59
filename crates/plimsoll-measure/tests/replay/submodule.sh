# A submodule that is not checked out is an empty folder; a pointer of LFS is the file.
put Dockerfile <<'EOF'
FROM base
COPY model.bin /
RUN true
COPY . /app
RUN ls -R /app > /list
EOF
put .dockerignore <<< '.git'
put model.bin <<'EOF'
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
EOF
commit first
git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,vendor/lib
git commit -q -m 'a submodule'
mkdir -p vendor/lib
git update-index --add --cacheinfo 160000,2222222222222222222222222222222222222222,vendor/lib
git commit -q -m 'its next commit'
sed -i 's/4d7a/5d7a/' model.bin
git commit -q -a -m 'the model'
