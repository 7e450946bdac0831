//! The connections of a port-forward: what went through each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::stream::Connection;

/// Those that are open.
#[derive(Default)]
pub(super) struct Connections(BTreeMap<u32, Carried>);

struct Carried {
    port: u16,
    up: u64,
    down: u64,
}

impl Connections {
    /// The fact that one begins.
    pub(super) fn opened(&mut self, connection: Connection) -> Value {
        self.of(connection);
        json!({"port": connection.port, "connection": connection.number})
    }

    /// Takes note of bytes.
    pub(super) fn carried(&mut self, connection: Connection, (up, down): (usize, usize)) {
        let carried = self.of(connection);
        carried.up += up as u64;
        carried.down += down as u64;
    }

    /// The fact that one has ended.
    pub(super) fn closed(&mut self, connection: Connection) -> Option<Value> {
        let carried = self.0.remove(&connection.number)?;
        Some(sum(connection.number, &carried))
    }

    /// The same of those that are left in the end.
    pub(super) fn rest(&mut self) -> Vec<Value> {
        let left = std::mem::take(&mut self.0);
        left.iter().map(|(number, carried)| sum(*number, carried)).collect()
    }

    fn of(&mut self, Connection { number, port }: Connection) -> &mut Carried {
        self.0.entry(number).or_insert(Carried { port, up: 0, down: 0 })
    }
}

fn sum(number: u32, Carried { port, up, down }: &Carried) -> Value {
    json!({"port": port, "connection": number, "up": up, "down": down})
}
