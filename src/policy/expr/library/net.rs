//! IP addresses and networks (`library/ip.go` and `library/cidr.go`), by Go's `net/netip`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("ip(string) -> IP", |_, args| Ok(Value::Ip(ip_of(args)?.ok_or(Failure::Other)?))),
    ("isIP(string) -> bool", |_, args| Ok(Value::Bool(ip_of(args)?.is_some()))),
    ("ip.isCanonical(string) -> bool", is_canonical),
    ("IP.family() -> int", |_, args| {
        with_ip(args, |ip| Value::Int(if ip.is_ipv4() { 4 } else { 6 }))
    }),
    ("IP.isUnspecified() -> bool", |_, args| with_ip(args, |ip| Value::Bool(ip.is_unspecified()))),
    ("IP.isLoopback() -> bool", |_, args| with_ip(args, |ip| Value::Bool(ip.is_loopback()))),
    ("IP.isLinkLocalMulticast() -> bool", |_, args| {
        with_ip(args, |ip| Value::Bool(is_link_local_multicast(ip)))
    }),
    ("IP.isLinkLocalUnicast() -> bool", |_, args| {
        with_ip(args, |ip| Value::Bool(is_link_local_unicast(ip)))
    }),
    ("IP.isGlobalUnicast() -> bool", |_, args| {
        with_ip(args, |ip| Value::Bool(is_global_unicast(ip)))
    }),
    ("cidr(string) -> CIDR", |_, args| Ok(Value::Cidr(cidr_of(args)?.ok_or(Failure::Other)?))),
    ("isCIDR(string) -> bool", |_, args| Ok(Value::Bool(cidr_of(args)?.is_some()))),
    ("CIDR.containsIP(string) -> bool", contains_ip),
    ("CIDR.containsIP(IP) -> bool", contains_ip),
    ("CIDR.containsCIDR(string) -> bool", contains_cidr),
    ("CIDR.containsCIDR(CIDR) -> bool", contains_cidr),
    ("CIDR.ip() -> IP", |_, args| with_cidr(args, |cidr| Value::Ip(Ip(cidr.address)))),
    ("CIDR.masked() -> CIDR", |_, args| with_cidr(args, |cidr| Value::Cidr(cidr.masked()))),
    ("CIDR.prefixLength() -> int", |_, args| with_cidr(args, |cidr| Value::Int(cidr.bits.into()))),
];

/// An address; none that is IPv4 within IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Ip(IpAddr);

/// A network, with the address that it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Ip {
    fn read(text: &str) -> Option<Self> {
        let address: IpAddr = text.parse().ok()?;
        match address {
            IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => None,
            _ => Some(Self(address)),
        }
    }
}

impl Cidr {
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.rsplit_once('/')?;
        let address = Ip::read(address)?.0;
        let digits = bits.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits && (bits == "0" || !bits.starts_with('0'));
        let bits: u8 = bits.parse().ok().filter(|_| canonical)?;
        (bits <= width(address)).then_some(Self { address, bits })
    }

    fn masked(self) -> Self {
        Self { address: mask(self.address, self.bits), bits: self.bits }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && mask(self.address, self.bits) == mask(address, self.bits)
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn mask(address: IpAddr, bits: u8) -> IpAddr {
    let rest = u32::from(width(address) - bits);
    match address {
        IpAddr::V4(four) => {
            let ones = u32::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(four.to_bits() & ones))
        }
        IpAddr::V6(six) => {
            let ones = u128::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & ones))
        }
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn ip_of(args: &[Value<'_>]) -> Result<Option<Ip>, Failure> {
    let [Value::String(text)] = args else { return Err(Failure::MismatchedTypes) };
    Ok(Ip::read(text))
}

fn cidr_of(args: &[Value<'_>]) -> Result<Option<Cidr>, Failure> {
    let [Value::String(text)] = args else { return Err(Failure::MismatchedTypes) };
    Ok(Cidr::read(text))
}

fn with_ip<'a>(args: &[Value<'a>], read: fn(IpAddr) -> Value<'a>) -> Outcome<'a> {
    let [Value::Ip(ip)] = args else { return mismatch() };
    Ok(read(ip.0))
}

fn with_cidr<'a>(args: &[Value<'a>], read: fn(Cidr) -> Value<'a>) -> Outcome<'a> {
    let [Value::Cidr(cidr)] = args else { return mismatch() };
    Ok(read(*cidr))
}

fn is_canonical<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    let ip = Ip::read(text).ok_or(Failure::Other)?;
    Ok(Value::Bool(ip.to_string() == **text))
}

fn contains_ip<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, ip) = match args {
        [Value::Cidr(cidr), Value::Ip(ip)] => (cidr, *ip),
        [Value::Cidr(cidr), Value::String(text)] => (cidr, Ip::read(text).ok_or(Failure::Other)?),
        _ => return mismatch(),
    };
    Ok(Value::Bool(cidr.contains(ip.0)))
}

fn contains_cidr<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, part) = match args {
        [Value::Cidr(cidr), Value::Cidr(part)] => (cidr, *part),
        [Value::Cidr(cidr), Value::String(text)] => (cidr, Cidr::read(text).ok_or(Failure::Other)?),
        _ => return mismatch(),
    };
    Ok(Value::Bool(cidr.bits <= part.bits && cidr.contains(part.address)))
}

const fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(four) => matches!(four.octets(), [224, 0, 0, _]),
        IpAddr::V6(six) => matches!(six.octets(), [0xff, scope, ..] if scope & 0x0f == 2),
    }
}

const fn is_link_local_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    }
}

fn is_global_unicast(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(four) if four.is_broadcast());
    !(broadcast
        || ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || is_link_local_unicast(ip))
}
