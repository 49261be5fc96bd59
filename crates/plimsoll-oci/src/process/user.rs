//! Who runs in a container: names and numbers, looked up in the image's own lists as runc does.

use super::Texts;
use crate::Error;

/// A user of the image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
    pub(super) home: String,
}

/// Finds `name`, `uid`, `name:group` or `uid:gid`; nobody said is the user 0. A number need not be
/// listed.
pub(super) fn find(said: &str, read: &Texts<'_>) -> Result<User, Error> {
    let (user, group) = said.split_once(':').unwrap_or((said, ""));
    let user = if user.is_empty() { "0" } else { user };
    let passwd = read("/etc/passwd")?.unwrap_or_default();
    // `name:x:uid:gid:…:home:shell`
    let listed = lines(&passwd).find_map(|line| {
        let (uid, gid) = (number(line.get(2)?)?, number(line.get(3)?)?);
        let is = line.first() == Some(&user) || number(user) == Some(uid);
        is.then(|| (line.first().copied().unwrap_or_default(), uid, gid, line.get(5).copied()))
    });
    let (name, uid, gid, home) = match (listed, number(user)) {
        (Some(listed), _) => listed,
        (None, Some(uid)) => ("", uid, 0, None),
        (None, None) => return Err(unknown("user", user, "/etc/passwd")),
    };
    let list = if group.is_empty() && name.is_empty() { None } else { read("/etc/group")? };
    let list = list.unwrap_or_default();
    let home = home.filter(|home| !home.is_empty()).unwrap_or("/").to_owned();
    if group.is_empty() {
        let mut groups = vec![gid];
        for other in lines(&list).filter_map(|line| member(&line, name)) {
            if !groups.contains(&other) {
                groups.push(other);
            }
        }
        return Ok(User { uid, gid, groups, home });
    }
    let listed = lines(&list).find_map(|line| {
        let gid = number(line.get(2)?)?;
        (line.first() == Some(&group) || number(group) == Some(gid)).then_some(gid)
    });
    let gid = listed.or_else(|| number(group));
    let gid = gid.ok_or_else(|| unknown("group", group, "/etc/group"))?;
    Ok(User { uid, gid, groups: vec![gid], home })
}

/// `name:x:gid:member,member`: its number, where the user is one of them.
fn member(line: &[&str], name: &str) -> Option<u32> {
    let all = line.get(3)?.split(',').map(str::trim);
    let is = !name.is_empty() && all.into_iter().any(|one| one == name);
    is.then(|| number(line.get(2)?)).flatten()
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(str::trim).map(|line| line.split(':').collect())
}

/// A user's or a group's number; larger ones are refused by runc, too.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number < 1 << 31)
}

fn unknown(what: &str, name: &str, list: &str) -> Error {
    Error::Start(format!("the {what} `{name}` is not in the image's {list}"))
}
