package io.loomtunnel.cli;

import java.io.PrintStream;

/// What the person who started the program reads: facts on standard output, what went wrong on standard error. Each in
/// one whole line, so that lines of several threads never mix.
///
/// @param out where facts go
/// @param err where warnings and errors go
record Screen(PrintStream out, PrintStream err) {
    private static final String NAME = "loomtunnel: ";

    void say(String line) {
        out.println(line);
    }

    /// Several lines, which end with a line end.
    void print(String lines) {
        out.print(lines);
        out.flush();
    }

    void warn(String line) {
        err.println(NAME + line);
    }
}
