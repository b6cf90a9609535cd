package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/// What a command that was typed did: its exit status, and what stood on the terminal.
record Typed(int status, String out, String err) {
    static Typed run(String... words) {
        return run(Map.of(), words);
    }

    static Typed run(Map<String, String> environment, String... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status = Main.run(List.of(words), environment,
                new Screen(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8)));
        return new Typed(status, out.toString(UTF_8), err.toString(UTF_8));
    }
}
