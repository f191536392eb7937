//! Azure Resource Manager.
