//! Which machine of `hmtool.toml` is meant.

use std::path::{Path, PathBuf};

use super::args::MachineArgs;
use crate::config::{self, Config, nearest};
use crate::failure::Failure;

/// The machine's name and what the configuration says of it: the machine that is named, else the
/// one whose installable or profile is, else the default.
pub(super) fn machine(
    args: &MachineArgs,
    installable: Option<&str>,
    config: Option<&Config>,
) -> Result<(Option<String>, config::Machine), Failure> {
    let Some(config) = config.filter(|c| !c.machines.is_empty()) else {
        return Ok((args.machine.clone(), config::Machine::default()));
    };
    let known: Vec<&str> = config.machines.keys().map(String::as_str).collect();
    let of = |is_it: &dyn Fn(&str, &config::Machine) -> bool| {
        let mut machines = config.machines.iter();
        machines.find_map(|(name, machine)| is_it(name, machine).then(|| name.clone()))
    };
    let by_installable = installable.and_then(|installable| {
        of(&|_, machine| machine.installable.as_deref() == Some(installable))
            .or_else(|| of(&|name, _| mentions(installable, name)))
    });
    let profile = args.profile.as_deref();
    let by_profile = profile.and_then(|file| of(&|_, machine| has_profile(machine, file)));
    let default = config.default_machine.clone();
    let mut named = args.machine.clone().or(by_installable).or(by_profile);
    let is_meant = named.is_some();
    named = named.or(default);
    let name = match named {
        Some(name) => name,
        None if known.len() == 1 => known[0].to_owned(),
        None if profile.is_some() || (args.mem.is_some() && args.cores.is_some()) => {
            return Ok((None, config::Machine::default()));
        }
        None => {
            return Err(Failure::Usage {
                message: format!("{} has several machines", config.file.display()),
                hint: format!("choose one with --machine: {}", known.join(", ")),
            });
        }
    };
    let Some(machine) = config.machines.get(&name) else {
        if profile.is_some() {
            return Ok((Some(name), config::Machine::default()));
        }
        return Err(Failure::Usage {
            message: format!("{} has no machine `{name}`", config.file.display()),
            hint: match nearest(&name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", known.join(", ")),
            },
        });
    };
    let mut machine = machine.clone();
    if profile.is_some_and(|file| !has_profile(&machine, file)) {
        // Other hardware: what was allotted of this machine's does not hold for it.
        machine.threads = None;
        machine.reserve = None;
        if !is_meant {
            machine.builds = None;
            return Ok((None, machine));
        }
    }
    Ok((Some(name), machine))
}

fn has_profile(machine: &config::Machine, file: &Path) -> bool {
    let same = |own: &PathBuf| match (own.canonicalize(), file.canonicalize()) {
        (Ok(own), Ok(file)) => own == file,
        _ => own == file,
    };
    machine.profile.as_ref().is_some_and(same)
}

/// Whether a part of the installable's attribute path is the machine's name, as in
/// `.#homeConfigurations."me@shoshin".activationPackage`.
fn mentions(installable: &str, machine: &str) -> bool {
    let Some((_, attribute)) = installable.split_once('#') else {
        return false;
    };
    attribute
        .split(['.', '"', '@', '\''])
        .any(|part| part == machine)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use expect_test::{Expect, expect};

    use super::*;
    use crate::args::{Cli, Verb};

    const TEXT: &str = "default-machine = \"shoshin\"\n\
        [machines.shoshin]\nprofile = \"a.nix\"\nthreads = 7\nreserve = \"6 GB\"\ninstallable = \".#big\"\n\
        [machines.gyakusatsu]\nprofile = \"b.nix\"\nthreads = 6\nreserve = \"2 GB\"\nbuilds = [\"light\"]\ninstallable = \".#small\"\n\
        [[tiers]]\nname = \"light\"\n";

    fn check(args: &[&str], expected: &Expect) {
        let cli = Cli::parse_from([&["hmtool", "plan"], args].concat());
        let Verb::Plan(args) = cli.verb else {
            unreachable!("it was asked for")
        };
        let config = Config::parse(Path::new("hmtool.toml"), TEXT).expect("it is right");
        let target = args.source.target.as_deref();
        let found = machine(&args.machine, target, Some(&config));
        let shown = match found {
            Ok((name, m)) => format!("{name:?} threads {:?} builds {:?}", m.threads, m.builds),
            Err(failure) => failure.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn what_is_named_selects_the_machine() {
        let desktop = expect![[r#"Some("shoshin") threads Some(7) builds None"#]];
        let laptop = expect![[r#"Some("gyakusatsu") threads Some(6) builds Some(["light"])"#]];
        check(&[], &desktop);
        check(&["-m", "gyakusatsu"], &laptop);
        check(&[".#small"], &laptop);
        check(
            &[".#homeConfigurations.\"me@gyakusatsu\".activationPackage"],
            &laptop,
        );
        check(&[".#nixosConfigurations.gyakusatsu.config"], &laptop);
        check(&[".#elsewhere"], &desktop);
        check(&[".#small", "-m", "shoshin"], &desktop);
        check(&["--profile", "b.nix"], &laptop);
    }

    #[test]
    fn other_hardware_has_its_own_numbers() {
        check(
            &["--profile", "c.nix"],
            &expect!["None threads None builds None"],
        );
        check(
            &["--profile", "c.nix", "-m", "gyakusatsu"],
            &expect![[r#"Some("gyakusatsu") threads None builds Some(["light"])"#]],
        );
    }
}
