//! Microsoft's services over HTTP: sign-in, Graph, ARM, probes, facts and changes.
