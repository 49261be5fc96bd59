//! Scripts and the commands they hold.

use super::*;

/// Commands as `program arg …`, with a mark for what is around them.
fn show(text: &str) -> Vec<String> {
    let script = parse(text);
    for command in &script.commands {
        assert!(text.get(command.span.range()).is_some(), "{text:?}: {:?}", command.span);
        for word in &command.words {
            assert!(
                text.get(word.span.range()).is_some_and(|t| !t.is_empty()),
                "{text:?}: {word:?}"
            );
        }
    }
    let word = |w: &Word| w.resolve(&|_| None).text;
    let line = |c: &Command| {
        let mut parts: Vec<String> =
            c.assignments.iter().map(|(n, v)| format!("{n}={}", word(v))).collect();
        parts.extend(c.words.iter().map(word));
        let marks = [
            (c.conditional, '?'),
            (c.in_loop.is_some(), '@'),
            (c.in_substitution, '$'),
            (c.piped, '|'),
        ];
        let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, m)| *m).collect();
        format!("{marks}{}", parts.join(" "))
    };
    script.commands.iter().map(line).collect()
}

#[test]
fn commands_of_everyday_scripts() {
    for (text, want) in [
        ("a && b || c; d", vec!["a", "b", "?c", "d"]),
        ("a 'x y' \"z $V\" \\\n  w # no\nb", vec!["a x y z ${V} w", "b"]),
        ("A=1 B=\"2 3\" cmd x=1", vec!["A=1 B=2 3 cmd x=1"]),
        ("curl x | sh -s -- -y", vec!["|curl x", "sh -s -- -y"]),
        (
            "if [ -f a ]; then\n b\nelif c; then d; else e; fi\nf",
            vec!["[ -f a ]", "?b", "?c", "?d", "?e", "f"],
        ),
        ("for i in 1 2 3; do a $i; done; b", vec!["?@a ${i}", "b"]),
        ("while true; do sleep 1; done", vec!["?@true", "?@sleep 1"]),
        ("case $x in a|b) c ;; *) d ;; esac; e", vec!["?c", "?d", "e"]),
        ("f() { a; }\nfunction g { b; }\nc", vec!["?a", "?b", "c"]),
        ("(a; b) && { c; d; }", vec!["a", "b", "c", "d"]),
        ("x=$(a | b \"$(c)\") d", vec!["$|a", "$c", "$b $(c)", "x=$(a | b \"$(c)\") d"]),
        ("a `b c` d", vec!["$b c", "a `b c` d"]),
        ("a <<EOF | b\nx $y )\nEOF\nc", vec!["|a", "b", "c"]),
        ("cat <<-'E' > f\n\tt\n\tE\nd 2>&1 >/dev/null", vec!["cat", "d"]),
        ("[[ $a == b && -n c ]] && d", vec!["d"]),
        ("((i++)); a $((1 + 2)) ${b%x} ${c:-d}", vec!["a $((1 + 2)) ${b%x} d"]),
        (
            "docker build -t ${{ env.X }}:${{ github.sha }} .",
            vec!["docker build -t ${{ env.X }}:${{ github.sha }} ."],
        ),
        ("a=(1 2 'x)y') b", vec!["a= b"]),
        ("! a; time b; diff <(c) d", vec!["a", "time b", "$c", "diff <(c) d"]),
        ("a &\nb &> f; c", vec!["a", "b", "c"]),
        ("echo a#b '#c'", vec!["echo a#b #c"]),
    ] {
        assert_eq!(show(text), want, "{text:?}");
    }
}

#[test]
fn constructs_of_bash() {
    for (text, want) in [
        ("if [[ -f a ]]; then b; fi", vec![(Bashism::Test, "[[")]),
        ("function f { a; }", vec![(Bashism::Function, "function")]),
        ("a=(1 2); b", vec![(Bashism::Array, "(")]),
        ("diff <(a) b", vec![(Bashism::ProcessSubstitution, "<(")]),
        ("a <<< b", vec![(Bashism::HereString, "<<<")]),
        ("a &> b |& c", vec![(Bashism::BothStreams, "&>"), (Bashism::BothStreams, "|&")]),
        (
            "[ a = '[[' ] && f() { b; } > c 2>&1 & case x in (a) b;; esac; echo '<(a)' \"&>\"",
            vec![],
        ),
        ("bash <<E\n[[ a ]]\nE\n", vec![]),
    ] {
        let found = parse(text).bash;
        let found: Vec<_> = found.iter().map(|(what, at)| (*what, at.text(text))).collect();
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn calls_lose_their_wrappers() {
    for (text, program, args) in [
        ("sudo -E -u root apt-get install x", "apt-get", 2),
        ("exec /usr/bin/uvicorn app:a", "uvicorn", 1),
        ("env A=1 B=2 python -m x", "python", 2),
        ("timeout 30 curl x", "curl", 1),
        ("env", "env", 0),
        ("time -p make all", "make", 1),
    ] {
        let script = parse(text);
        let call = script.invocations().next().unwrap();
        assert_eq!((call.program, call.args.len()), (program, args), "{text}");
    }
}

#[test]
fn flags_and_values() {
    let script = parse(
        "docker build -t a:1 --tag=b:\"$V\" -fx/Dockerfile --no-cache --build-arg A=1 . -- -z",
    );
    let call = script.invocations().next().unwrap();
    let args = call.parse(Takes::These(&["-t", "--tag", "-f", "--build-arg"]));
    let tags: Vec<String> =
        args.values(&["-t", "--tag"]).map(|w| w.resolve(&|_| None).text).collect();
    assert_eq!(tags, ["a:1", "b:${V}"]);
    assert_eq!(args.last(&["-f"]).unwrap().value.as_ref().unwrap().text(), Some("x/Dockerfile"));
    assert!(args.has(&["--no-cache"]));
    assert_eq!(
        args.positional.iter().map(|w| w.text().unwrap()).collect::<Vec<_>>(),
        ["build", ".", "-z"]
    );
    let script = parse("gcloud run deploy api --image x --cpu-boost --memory 1Gi --quiet");
    let call = script.invocations().next().unwrap();
    let args = call.parse(Takes::AllBut(&["--cpu-boost", "--quiet"]));
    assert_eq!(args.last(&["--memory"]).unwrap().value.as_ref().unwrap().text(), Some("1Gi"));
    assert_eq!(args.positional.len(), 3);
}

#[test]
fn nasty_text_ends() {
    for nasty in [
        "$(",
        "((",
        "`",
        "<<A ",
        "\"$(",
        "${",
        "case x in ",
        "{ ",
        "'",
        "\\",
        "if ",
        "a|",
        "&",
        "<(",
        "$'",
        "[[ ",
    ] {
        let _ = parse(&nasty.repeat(20_000));
    }
}

#[test]
fn mutations_never_panic() {
    let seed = "f() { a \"$(b 'é' ${c:-d})\" <<E | g && h; }\nE\nif x; then y; fi; case $z in é) q;; esac # c\n";
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    for _ in 0..5_000 {
        let mut chars: Vec<char> = seed.chars().collect();
        for _ in 0..1 + next() % 6 {
            let at = next() % chars.len();
            match next() % 3 {
                0 => drop(chars.remove(at)),
                1 => chars.insert(
                    at,
                    ['"', '\'', '(', ')', '{', '}', '$', '`', '\n', '\\', '<', 'ß', ';', '&']
                        [next() % 14],
                ),
                _ => chars.swap(at, 0),
            }
        }
        show(&chars.into_iter().collect::<String>());
    }
}
