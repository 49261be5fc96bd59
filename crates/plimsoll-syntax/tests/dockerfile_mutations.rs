//! Any text gives a tree: random mutations of real shapes never panic, every span fits the
//! source, nothing is lost, and the time is linear.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "a slow case must be named")]

use std::ops::Range;
use std::time::Duration;

use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{self, Dockerfile, Inputs, Instruction, Node, lint::lint};

const SEEDS: [&str; 6] = [
    "# syntax=docker/dockerfile:1\n# escape=`\nFROM --platform=$BUILDPLATFORM a:${V:-1} AS b\n\
     RUN a `\n  b\nCOPY a C:\\x\\\n",
    "ARG V=\"é 1\" W\nFROM x\nENV a=1 b=\"c d\" e='f g'\nENV p q r=s\nLABEL \"k\"=v\\ w \\\n\n# c\n x=y\n",
    "FROM x\nRUN --mount=type=secret,id=a,env=T --network=none <<EOF bash\nset -e\nEOF\nCMD [\"a\", \
     \"\\u00e9\"]\nONBUILD COPY --from=0 <<-'X' <<Y /d/\n\t1\n\tX\n2\nY\n",
    "FROM x AS b\nHEALTHCHECK --interval=1m5s CMD [ \"a\" ]\nEXPOSE 80-90/tcp $P\nUSER ${U:?no}\n\
     VOLUME [\"/a\"]\nSTOPSIGNAL SIGTERM\nWORKDIR ${A#*/}${B//x/y}\n",
    "\u{feff}FROM x\r\nRUN a \\\r\n# c\r\n\r\n && b <<A\r\n1\r\nA\r\nSHELL [\"x\"]\r\nfoo bar\r\n",
    "FROM scratch\nADD --checksum=sha256:0 --link --exclude=*.md --unpack=true http://a/b /c\n\
     ENTRYPOINT exec \"$0\" 'é' \\\nMAINTAINER me\nRUN cat << EOF\nx",
];

const PIECES: [&str; 40] = [
    "\n",
    "\r",
    "\\",
    "`",
    "\\\n",
    " ",
    "\t",
    "\"",
    "'",
    "$",
    "${",
    "}",
    "<<",
    "<<-",
    "<<EOF",
    "EOF\n",
    "#",
    "# escape=`\n",
    "[",
    "]",
    "[\"a\"]",
    ",",
    "=",
    "--",
    "--from=",
    "--mount=type=",
    "é",
    "\u{a0}",
    "\u{85}",
    "\u{feff}",
    "\0",
    "${a:-",
    "${a//",
    "*",
    "?",
    "\\u",
    "FROM ",
    "ONBUILD ",
    "ENV ",
    "COPY ",
];

/// A small generator (xorshift), the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn boundary(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
    }
}

fn mutate(text: &mut String, random: &mut Random) {
    let (a, b) = (random.boundary(text), random.boundary(text));
    let range = a.min(b)..a.max(b);
    match random.below(4) {
        0 if range.len() < 40 => text.replace_range(range, ""),
        1 if range.len() < 200 => {
            let copy = text[range].to_owned();
            let at = random.boundary(text);
            text.insert_str(at, &copy);
        }
        _ => text.insert_str(a, PIECES[random.below(PIECES.len())]),
    }
}

#[track_caller]
fn fits(source: &str, span: Span) {
    assert!(source.get(span.range()).is_some(), "{span:?} does not fit {:?}", head(source));
}

fn check_node(source: &str, file: &Dockerfile, node: &Node) {
    fits(source, node.span);
    let name = node.name.span.text(source);
    assert!(name == node.name.text || name.contains('\n'), "{name:?} {:?}", node.name);
    for word in &node.args {
        fits(source, word.span);
    }
    for pair in &node.pairs {
        fits(source, pair.key.span);
        fits(source, pair.value.span);
    }
    for flag in &node.flags {
        fits(source, flag.span);
        fits(source, flag.value_span);
    }
    for heredoc in &node.heredocs {
        assert_eq!(heredoc.content_span.text(source), heredoc.content);
    }
    let length = u32::try_from(node.cooked.text().len()).unwrap();
    fits(source, node.cooked.source_span(Span { start: 0, end: length }));
    assert!(file.comments.get(node.comments.clone()).is_some());
    if let Some(child) = &node.child {
        check_node(source, file, child);
    }
}

/// What neither a node nor a comment covers must be blank.
fn check_lossless(source: &str, file: &Dockerfile) {
    let node = |node: &Node| node.span.range();
    let comment = |comment: &dockerfile::Comment| comment.span.range();
    let mut covered: Vec<Range<usize>> =
        file.nodes.iter().map(node).chain(file.comments.iter().map(comment)).collect();
    covered.sort_by_key(|range| range.start);
    let mut at = 0;
    for range in covered {
        let gap = source.get(at..range.start.max(at)).unwrap_or("");
        assert!(is_blank(gap), "{:?} is lost in {:?}", head(gap), head(source));
        at = at.max(range.end);
    }
    assert!(is_blank(&source[at..]), "the end is lost in {:?}", head(source));
}

/// The start of a text, for messages.
fn head(text: &str) -> String {
    text.chars().take(300).collect()
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

fn check(source: &str) {
    let file = dockerfile::parse(source);
    for node in &file.nodes {
        check_node(source, &file, node);
    }
    check_lossless(source, &file);
    let program = dockerfile::stages(&file);
    let evaluation = dockerfile::evaluate(&program, &Inputs::default());
    let errors = file.errors.iter().chain(&program.errors);
    for error in errors.chain(evaluation.errors.iter().map(|found| &found.error)) {
        fits(source, error.span);
    }
    for instr in evaluation.stages.iter().flat_map(|stage| &stage.instrs) {
        instr.words.iter().for_each(|word| fits(source, word.span));
    }
    let _ = dockerfile::dump(&file);
    let _ = evaluation.reachable(&program, None);
    for warning in lint(source, &program, &Inputs::default(), &[]).warnings {
        fits(source, warning.span);
        assert!(warning.node < file.nodes.len());
    }
}

#[test]
fn mutations_never_panic() {
    for seed in SEEDS {
        check(seed);
    }
    for round in 1..=6_000_u64 {
        let mut random = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut text = SEEDS[random.below(SEEDS.len())].to_owned();
        for _ in 0..=random.below(8) {
            mutate(&mut text, &mut random);
        }
        check(&text);
    }
}

#[test]
fn words_are_the_text_under_their_spans() {
    let source = "FROM --platform=x a AS b\nEXPOSE 1 \\\n 2\nENV a=\"b c\" d=e\\\nf\nUSER me\n";
    let file = dockerfile::parse(source);
    for node in &file.nodes {
        let pairs = node.pairs.iter().flat_map(|pair| [&pair.key, &pair.value]);
        for word in node.args.iter().chain(pairs) {
            assert_eq!(word.span.text(source).replace("\\\n", ""), word.text);
        }
    }
    let program = dockerfile::stages(&file);
    let Instruction::Env(pairs) = &program.stages[0].instructions[1].kind else { panic!("ENV") };
    assert_eq!((pairs[1].value.text.as_str(), pairs[1].value.span.text(source)), ("ef", "e\\\nf"));
}

#[test]
fn a_source_past_the_limit_is_not_read() {
    let file = dockerfile::parse(&"FROM a\n".repeat(dockerfile::MAX_SOURCE / 7 + 1));
    assert_eq!(file.errors[0].stage, dockerfile::ErrorStage::Limit);
    assert!(file.nodes.is_empty());
}

/// Inputs that punish anything quadratic; each of a quarter of the largest source.
#[test]
fn hostile_inputs_take_linear_time() {
    let size = dockerfile::MAX_SOURCE / 4;
    let fill = |head: &str, unit: &str, tail: &str| {
        format!("{head}{}{tail}", unit.repeat((size - head.len() - tail.len()) / unit.len()))
    };
    let many = |line: fn(usize) -> String| (0..size / 30).map(line).collect::<String>();
    let cases = [
        format!(
            "FROM a\n{}{}",
            many(|n| format!("ENV v{n}=1\n")),
            many(|n| format!("USER $w{n}\n"))
        ),
        format!("FROM a AS a\n{}", many(|n| format!("ENV v{n}=1\nFROM a AS a\n"))),
        fill("FROM a\n", "A\n", ""),
        fill("", "#\n", ""),
        fill("FROM a\nRUN ", "\\\n\n", "x"),
        fill("FROM a\nRUN ", "a \\\n", "x"),
        fill("FROM a\nEXPOSE ", "1 \\\n", "1"),
        fill("FROM a\nENV ", "a=1 \\\n", "a=1"),
        fill("FROM a\nARG ", "a=1 \\\n", "a=1"),
        fill("FROM a\nENV x=", "${a:-\\\n", ""),
        fill("FROM a\nUSER ", "${a}\\\n", "x"),
        fill("FROM a\nUSER ", "${a\\\n", "x"),
        fill("FROM a\nRUN ", "--a \\\n", "x"),
        fill("FROM a\nRUN ", "--mount=a,a,a,a \\\n", "x"),
        fill("FROM a\nRUN ", "<<A \\\n", "x"),
        fill("FROM a\nCOPY ", "<<A \\\n", "x\nA\nA\n"),
        fill("FROM a\n", "RUN <<A\nA\n", ""),
        fill("", "FROM a AS b\n", ""),
        fill("FROM a AS a\n", "FROM a AS a\nENV a=$a\n", ""),
        fill("FROM a\nCMD [", "[\\\n", ""),
        fill("FROM a\nCMD [", "\"a\", \\\n", "\"\"]"),
        fill("FROM a\n", "ONBUILD \\\n", "x"),
        fill("FROM a\n", "COPY --from=b a b\n", ""),
        fill("FROM a\nENV a=aaaaaaaaaaaaaaaa\n", "ENV a=$a$a\n", ""),
        fill("FROM a\nENV a=aaaaaaaaaaaaaaaa\n", "USER ${a//a*a*a/b}${a##*a}\n", ""),
    ];
    for case in cases {
        let (took, ()) = time(|| check(&case));
        let head: String = case.chars().take(40).collect();
        eprintln!("{took:?} {head:?}");
        assert!(took < Duration::from_secs(20), "{head:?} took {took:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = std::time::Instant::now();
    let result = work();
    (start.elapsed(), result)
}
