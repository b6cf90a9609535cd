package io.loomtunnel.cli;

/// The help texts, made from the table of commands and flags.
final class Help {
    private static final int COLUMN = 34;       // where the explanations begin

    private Help() {}

    /// What `loomtunnel --help` prints.
    static String overall() {
        var text = new StringBuilder("LoomTunnel gives a program on a private port a public address.\n\n");
        text.append("usage: loomtunnel COMMAND [FLAG…]\n\ncommands:\n");
        for (var command : Command.values()) row(text, command.word(), command.about());
        text.append("""

                Try it:                 loomtunnel demo
                On the public machine:  loomtunnel server --bind 0.0.0.0
                Beside the program:     loomtunnel client --server HOST --http app.example.com=3000

                loomtunnel COMMAND --help lists the flags of a command.
                """);
        return text.toString();
    }

    /// What `loomtunnel COMMAND --help` prints.
    static String of(Command command) {
        var text = new StringBuilder("loomtunnel ").append(command.word()).append(": ").append(command.about()).append("\n\n");
        text.append("usage: loomtunnel ").append(command.word()).append(usage(command)).append("\n\nflags:\n");
        boolean variables = false;
        for (var flag : command.flags()) {
            row(text, flag.isSwitch() ? flag.toString() : flag + " " + flag.word(), flag.help());
            var variable = command.variable(flag);
            if (variable.isEmpty()) continue;
            row(text, "", variable + (flag.many() == Flag.Many.OFTEN ? ", separated by commas" : ""));
            variables = true;
        }
        if (!command.limits().isEmpty()) limits(text, command);
        if (variables) {
            text.append("\nA flag goes before its environment variable, which is named below it").append(command.flags().contains(Flag.CONFIG)
                    && command != Command.CHECK ? ", and that before the file of --config." : ".");
            if (command.flags().contains(Flag.TOKEN_FILE)) {
                text.append("\nThe token is never a flag: every user of a machine can read its command lines. It comes from\n")
                        .append("--token-file or LOOMTUNNEL_TOKEN, or ")
                        .append(command == Command.SERVER ? "the server makes one and prints it." : "is asked for on a terminal.");
            }
            text.append("\nExit codes: 0 done, 1 failure, 2 usage, 3 refused by the server.\n");
        }
        return text.toString();
    }

    private static void limits(StringBuilder text, Command command) {
        text.append("\nlimits and time-outs (with what holds without them):\n");
        for (var flag : command.limits()) row(text, flag + " " + flag.word(), flag.help());
        var example = command.limits().getFirst();
        text.append("SIZE is bytes, 64k or 10m; TIME is 500ms, 10s or 1m30s; off where there need be none.\n")
                .append("Each has its variable: ").append(example).append(" is ").append(example.environmentName()).append(".\n");
    }

    private static String usage(Command command) {
        return switch (command) {
            case SERVER -> " [--bind ADDR] [--http ADDR] [--https ADDR] [--tls-cert FILE --tls-key FILE] [--tcp NAME=ADDR …]";
            case CLIENT -> " --server HOST[:PORT] [--http [HOST=]TARGET …] [--tcp NAME=TARGET …]";
            case DOCTOR -> " --server HOST[:PORT] [the flags of client …] [--json]";
            case KEYGEN -> " [--host HOST …] [--client NAME …] [--dir DIR]";
            case TOKEN_CREATE -> " ID --tokens FILE [--host HOST …] [--tcp NAME …] [--expires WHEN] …";
            case TOKEN_LIST -> " --tokens FILE";
            case TOKEN_REVOKE -> " ID --tokens FILE";
            case CHECK -> " FILE";
            case DEMO -> " [--once]";
            case VERSION -> "";
        };
    }

    private static void row(StringBuilder text, String left, String right) {
        text.append("  ").append(left);
        int column = 2 + left.length();
        if (column >= COLUMN) {
            text.append('\n');
            column = 0;
        }
        while (column++ < COLUMN) text.append(' ');
        text.append(right).append('\n');
    }
}
