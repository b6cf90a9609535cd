/// What is shown to those who look after this end, not to visitors: for now whether it lives and whether it is ready.
package io.loomtunnel.dashboard;
