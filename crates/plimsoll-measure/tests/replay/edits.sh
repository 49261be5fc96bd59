# Edits of the Dockerfile that matter, and some that do not.
put Dockerfile <<'EOF'
FROM base
USER root
WORKDIR /app
COPY a.txt b.txt ./
RUN echo one \
    two
CMD ["true"]
EOF
put .dockerignore <<< '.git'
put a.txt <<< 'a'
put b.txt <<< 'b'
commit first
sed -i '1i # a comment' Dockerfile
commit 'a comment'
sed -i 's/^RUN echo one/# within\nRUN echo one/' Dockerfile
commit 'a comment above'
sed -i 's/^    two/    # inside\n    two/' Dockerfile
commit 'a comment inside a command'
sed -i 's/^    two/  two/' Dockerfile
commit 'blanks inside a command'
sed -i 's/^COPY a.txt b.txt .\//COPY b.txt a.txt .\//' Dockerfile
commit 'the order of sources'
sed -i 's/^CMD .*/CMD ["false"]/' Dockerfile
commit 'the command'
sed -i 's/^COPY b.txt a.txt .\//COPY b.txt a.txt \/app\//' Dockerfile
commit 'the same place, written otherwise'
sed -i 's/^CMD .*/SHELL ["\/bin\/sh", "-ec"]\nRUN true/' Dockerfile
commit 'a shell'
sed -i 's/"-ec"/"-c"/' Dockerfile
commit 'the usual shell'
sed -i 's/^RUN true/RUN ["true"]/' Dockerfile
commit 'without a shell'
sed -i 's/"-c"/"-uc"/' Dockerfile
commit 'a shell that nobody uses'
sed -i 's/^copy/COPY/; s/^run/RUN/; s/^RUN \[/run [/' Dockerfile
commit 'lower case'
