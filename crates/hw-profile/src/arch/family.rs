//! Families of processors.

use std::fmt;

/// A family of processors that can run the same generic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X86_64,
    /// 32-bit ARM.
    Arm,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit POWER, big-endian.
    Ppc,
    /// 32-bit POWER, little-endian.
    Ppcle,
    /// 64-bit POWER, big-endian.
    Ppc64,
    /// 64-bit POWER, little-endian.
    Ppc64le,
    /// 64-bit RISC-V.
    Riscv64,
    /// 32-bit SPARC.
    Sparc,
    /// 64-bit SPARC.
    Sparc64,
}

impl Family {
    const ALL: [Self; 11] = [
        Self::X86,
        Self::X86_64,
        Self::Arm,
        Self::Aarch64,
        Self::Ppc,
        Self::Ppcle,
        Self::Ppc64,
        Self::Ppc64le,
        Self::Riscv64,
        Self::Sparc,
        Self::Sparc64,
    ];

    /// The family called `name`, as the kernel's `uname -m` and archspec call it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::X86_64 => "x86_64",
            Self::Arm => "arm",
            Self::Aarch64 => "aarch64",
            Self::Ppc => "ppc",
            Self::Ppcle => "ppcle",
            Self::Ppc64 => "ppc64",
            Self::Ppc64le => "ppc64le",
            Self::Riscv64 => "riscv64",
            Self::Sparc => "sparc",
            Self::Sparc64 => "sparc64",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
