//! Tools for people, in an image for a service.

use plimsoll_model::{Level, OwnerKind, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{images, packages};
use crate::views::{installs, package_name, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/debug-tools-installed",
    section: Section::Image,
    level: Level::Advice,
    assures: "the image has no editors, debuggers and remote shells",
    aliases: &[],
    page: include_str!("debug_tools_installed.md"),
    check: Check::Dockerfile(check),
};

const TOOLS: [&str; 31] = [
    "vim",
    "vim-tiny",
    "nano",
    "emacs",
    "emacs-nox",
    "telnet",
    "ftp",
    "openssh-server",
    "net-tools",
    "nmap",
    "tcpdump",
    "strace",
    "ltrace",
    "gdb",
    "htop",
    "iftop",
    "iotop",
    "sysstat",
    "screen",
    "tmux",
    "man-db",
    "less",
    "lsof",
    "traceroute",
    "iputils-ping",
    "netcat",
    "netcat-openbsd",
    "netcat-traditional",
    "dnsutils",
    "bind-tools",
    "mtr",
];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (step, command) in shipped_runs(review, file) {
        let images = images(review, file, &step.at);
        for install in installs(command).filter(|i| i.manager.is_system()) {
            let mut found = install
                .packages
                .iter()
                .map(|w| (*w, package_name(w.head())))
                .filter(|(_, name)| TOOLS.contains(name));
            let Some((word, first)) = found.next() else {
                out.examined();
                continue;
            };
            let mut names = vec![first];
            names.extend(found.map(|(_, name)| name));
            let gone = command
                .calls()
                .filter(|c| c.span().start > install.call.span().start)
                .any(|c| ["remove", "purge", "del", "erase"].iter().any(|v| c.has(v)));
            let absent = images.all(|image| {
                packages(image, &[OwnerKind::Apt, OwnerKind::Apk])
                    .is_some_and(|all| all.iter().all(|p| !names.contains(&p.name.as_str())))
            });
            // What waits for a port may use one of them.
            let used = names.iter().any(|n| n.starts_with("netcat") || *n == "less");
            if gone || absent || (used && names.len() == 1) {
                out.examined();
                continue;
            }
            let (list, stay) = match names.as_slice() {
                [one] => ((*one).to_owned(), "stays"),
                [one, two] => (format!("{one} and {two}"), "stay"),
                [one, two, rest @ ..] => (format!("{one}, {two} and {} more", rest.len()), "stay"),
                [] => continue,
            };
            out.finding(&command.place(word.span), format!("{list} {stay} in the image"))
                .label("for people, not for the service")
                .consequence("each pull carries them, scanners report them, and an intruder has them")
                .remedy(
                    "leave them out; look into a container with docker debug or kubectl debug, which \
                     bring their own tools",
                );
        }
    }
}
