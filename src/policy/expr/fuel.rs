//! What an evaluation may spend. Everything that takes time or memory is paid for before it is
//! done, so the amount bounds both, whatever the expression and the object are.

use super::Failure;

/// What one evaluation may spend: about so many nodes evaluated or list items looked at.
const STEPS: usize = 250_000;

/// Bytes that are gone through or copied for one step.
const BYTES_PER_STEP: usize = 32;

/// What is left of it.
pub(super) struct Fuel {
    left: usize,
}

impl Fuel {
    pub(super) const fn full() -> Self {
        Self { left: STEPS }
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Failure> {
        self.left = self.left.checked_sub(steps).ok_or(Failure::OutOfFuel).inspect_err(|_| {
            self.left = 0;
        })?;
        Ok(())
    }

    /// Pays for going through a text, or for making one.
    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.spend(bytes / BYTES_PER_STEP)
    }

    /// Pays for what takes a time that is a product.
    pub(super) fn spend_product(&mut self, a: usize, b: usize) -> Result<(), Failure> {
        self.spend(a.saturating_mul(b))
    }

    /// How many steps were taken.
    #[cfg(test)]
    pub(super) const fn spent(&self) -> usize {
        STEPS - self.left
    }
}
