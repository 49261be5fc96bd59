//! The rules, one file each; a rule is in the catalogue when its line is here.

use crate::rule::Rule;

/// Declares the modules of a section and gathers their rules.
macro_rules! rules {
    ($($section:ident { $($rule:ident),* $(,)? })*) => {
        $(mod $section { $(pub(super) mod $rule;)* })*
        static ALL: &[&Rule] = &[$($(&$section::$rule::RULE,)*)*];
    };
}

rules! {
    dockerfile {
        build_arg_not_declared, copy_source_missing, copy_source_outside_context,
        refused_by_buildkit, unknown_target_stage,
    }

    // What is sent to the builder.

    context {}

    // What is installed, and from where.

    dependencies {}

    // What a build reuses.

    cache {}

    // What is left in the image.

    image {}

    // Users, secrets, unpinned inputs.

    security {}

    // The workflows themselves.

    workflow {}

    // What is deployed, and how it is taken back.

    deploy {}

    // How the service runs.

    runtime {
        shell_form_without_exec, healthcheck_ignored, bind_localhost, port_mismatch,
    }

    // Plimsoll's own settings.

    config { expired_waiver, fault, no_service, stale_waiver }
}

/// Every rule, by section.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied()
}

/// The rule of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    all().find(|r| r.name == name)
}
