# An install in a stage that is not the image: what a cache of the image's layers loses.
# setups
put Dockerfile <<'EOF'
FROM base AS build
RUN echo tools > /tools
COPY requirements.txt /
RUN cat /nonce /requirements.txt > /installed
COPY app /app
RUN cat /installed /app/main.py > /program
FROM base
RUN echo system > /system
COPY --from=build /program /program
COPY static /static
RUN ls /static > /list
EOF
put .dockerignore <<< '.git'
put requirements.txt <<< 'a'
put app/main.py <<< 'a'
put static/style.css <<< 's'
commit first
git commit -q --allow-empty -m 'nothing'
git commit -q --allow-empty -m 'nothing again'
put static/style.css <<< 't'
commit 'the last stage only'
git commit -q --allow-empty -m 'nothing after it'
put app/main.py <<< 'b'
commit 'the program'
put README.md <<< 'r'
commit 'a file that nobody takes'
put requirements.txt <<< 'b'
commit 'a requirement'
put app/main.py <<< 'a'
put requirements.txt <<< 'a'
commit 'back again, which the last build does not know'
sed -i 's/^COPY --from=build .program .program/COPY --from=build \/program \/bin\/program/' Dockerfile
commit 'where the program goes'
sed -i 's/^COPY static/RUN --mount=type=bind,from=build,source=\/tools,target=\/t cat \/t > \/u\nCOPY static/' Dockerfile
commit 'one more use of the stage'
put static/style.css <<< 'u'
commit 'below both uses'
