# Heredocs: with variables, tabs, several of them, and programs that read them.
# needs: current
put Dockerfile <<'EOF'
FROM base
ARG WHO=world
COPY <<ONE <<"TWO" /texts/
hello $WHO
ONE
hello $WHO
TWO
RUN <<-SH
	cat /nonce
	echo $WHO
SH
RUN cat <<A > /a && cat <<B > /b
a
A
b
B
RUN <<PROGRAM
#!/bin/sh
echo program
PROGRAM
RUN <<PIPED sh
echo piped
PIPED
EOF
put .dockerignore <<< '.git'
commit first
sed -i 's/^RUN <<PIPED sh/RUN <<PIPE sh/; s/^PIPED/PIPE/' Dockerfile
commit 'the last word of a pipe'
sed -i 's/^RUN <<PROGRAM/RUN <<FILE/; s/^PROGRAM/FILE/' Dockerfile
commit 'the name of a program'
sed -i 's/^RUN <<-SH/RUN <<-END/; s/^SH/END/' Dockerfile
commit 'the last word of a script'
sed -i 's/<<"TWO"/<<TWO/' Dockerfile
commit 'with variables'
sed -i 's/^ARG WHO=world/ARG WHO=you/' Dockerfile
commit 'another variable'
sed -i 's/COPY <<ONE <<TWO/COPY <<ZERO <<TWO/; s/^ONE/ZERO/' Dockerfile
commit 'the name of a file'
sed -i 's/^RUN cat <<A/RUN cat <<C/; s/^A$/C/' Dockerfile
commit 'the last word of one of several'
sed -i 's/^\tcat .nonce/\tcat  \/nonce/' Dockerfile
commit 'a blank in a script'
sed -i 's/^\techo \$WHO/\t\techo $WHO/' Dockerfile
commit 'a tab more in a script'
