package io.loomtunnel.cli;

import java.util.List;
import java.util.stream.Stream;

/// What the program can do, and which flags each command takes. Parsing, help and suggestions all read this table.
enum Command {
    SERVER("server", "wait for clients and visitors",
            List.of(Flag.BIND, Flag.VISITORS, Flag.VISITORS_TLS, Flag.TLS_CERT, Flag.TLS_KEY, Flag.TLS_CLIENT_CA, Flag.TLS_CLIENT_TOKEN, Flag.PLAINTEXT,
                    Flag.ACCEPT, Flag.TCP, Flag.TCP_RANGE, Flag.TRUST_PROXY, Flag.PROXY_PROTOCOL, Flag.UPGRADE, Flag.STICKY, Flag.METRICS, Flag.TOKEN_FILE,
                    Flag.TOKENS, Flag.CONFIG, Flag.VERBOSE, Flag.HELP),
            Limits.SERVER),
    CLIENT("client", "attach to a server and serve its visitors from programs here",
            List.of(Flag.SERVER, Flag.TLS_CA, Flag.TLS_SERVER_NAME, Flag.PIN, Flag.CLIENT_CERT, Flag.CLIENT_KEY, Flag.TLS_INSECURE, Flag.PLAINTEXT,
                    Flag.ATTACH, Flag.PROXY, Flag.SERVICE, Flag.TCP_SERVICE, Flag.HOST_HEADER, Flag.HEALTH, Flag.ORIGIN_CA, Flag.ORIGIN_INSECURE,
                    Flag.METRICS, Flag.TOKEN_FILE, Flag.CONFIG, Flag.VERBOSE, Flag.HELP), Limits.CLIENT),
    DOCTOR("doctor", "look at everything that a client needs, and say what is wrong", List.of(Flag.JSON), List.of()),
    KEYGEN("keygen", "make a CA, and certificates for a server and its clients",
            List.of(Flag.KEYGEN_HOST, Flag.KEYGEN_CLIENT, Flag.KEYGEN_DAYS, Flag.KEYGEN_DIR, Flag.VERBOSE, Flag.HELP), List.of()),
    TOKEN_CREATE("token create", "add a token to a server's file and print its secret, this once",
            List.of(TokenRights.ID, TokenRights.HOST, TokenRights.TCP, TokenRights.CONNECTIONS, TokenRights.STREAMS, TokenRights.EXPIRES,
                    Flag.TOKENS, Flag.VERBOSE, Flag.HELP), List.of()),
    TOKEN_LIST("token list", "show what the tokens of a file may have", List.of(Flag.TOKENS, Flag.VERBOSE, Flag.HELP), List.of()),
    TOKEN_REVOKE("token revoke", "end a token and the tunnels of its clients",
            List.of(TokenRights.ID, Flag.TOKENS, Flag.VERBOSE, Flag.HELP), List.of()),
    CHECK("check", "say what is wrong with a configuration file, by line", List.of(Flag.CONFIG, Flag.VERBOSE, Flag.HELP), List.of()),
    DEMO("demo", "run both ends and a small origin in one process",
            List.of(Flag.ONE_REQUEST, Flag.VERBOSE, Flag.HELP), List.of()),
    VERSION("version", "print the version", List.of(Flag.HELP), List.of());

    private final String word;
    private final String about;
    private final List<Flag> flags;
    private final List<Flag> limits;

    Command(String word, String about, List<Flag> flags, List<Flag> limits) {
        this.word = word;
        this.about = about;
        this.flags = flags;
        this.limits = limits;
    }

    /// What is typed for it.
    String word() {
        return word;
    }

    /// One line of help, without a full stop.
    String about() {
        return about;
    }

    /// Those of the help's first part; a doctor takes all that a client takes.
    List<Flag> flags() {
        return this == DOCTOR ? Stream.concat(flags.stream(), CLIENT.flags.stream()).toList() : flags;
    }

    /// What a word without dashes stands for; null when there is no such word.
    Flag operand() {
        return switch (this) {
            case TOKEN_CREATE, TOKEN_REVOKE -> TokenRights.ID;
            case CHECK -> Flag.CONFIG;
            default -> null;
        };
    }

    /// The variable that sets a flag when the command line does not.
    /// @return empty when none does
    String variable(Flag flag) {
        return flag == Flag.HELP || TokenRights.FLAGS.contains(flag) ? "" : flag.environmentName();
    }

    /// Flags that few people need: limits and time-outs.
    List<Flag> limits() {
        return this == DOCTOR ? CLIENT.limits : limits;
    }

    /// How many of the first words name a command: those of `token create` do together.
    /// @param words at least one
    static int length(List<String> words) {
        return words.getFirst().equals("token") && words.size() > 1 && !words.get(1).startsWith("-") ? 2 : 1;
    }

    /// The command that a person typed.
    /// @throws ExitException there is none of that name
    static Command of(String typed) throws ExitException {
        for (var command : values()) if (command.word.equals(typed)) return command;
        var nearest = new Nearest(typed);
        for (var command : values()) nearest.consider(command.word);
        throw ExitException.usage("unknown command " + Text.printable(typed)
                + nearest.suggestion("") + " (loomtunnel --help lists the commands)");
    }

    /// The flag of this name.
    /// @param name without the dashes
    /// @throws ExitException this command has none
    Flag flag(String name) throws ExitException {
        for (var flag : flags()) if (flag.name().equals(name)) return flag;
        for (var flag : limits()) if (flag.name().equals(name)) return flag;
        if (name.equals("token")) {
            throw ExitException.usage("--token is refused: every user of this machine can read a command line in the list of "
                    + "processes; use LOOMTUNNEL_TOKEN or --token-file");
        }
        var nearest = new Nearest(name);
        for (var flag : flags()) nearest.consider(flag.name());
        for (var flag : limits()) nearest.consider(flag.name());
        throw ExitException.usage("unknown flag --" + Text.printable(name) + nearest.suggestion("--")
                + " (loomtunnel " + word + " --help lists the flags)");
    }
}
