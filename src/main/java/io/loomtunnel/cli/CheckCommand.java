package io.loomtunnel.cli;

/// `loomtunnel check FILE`: what is wrong with a configuration file, without starting anything.
final class CheckCommand {
    private final Arguments arguments;
    private final Screen screen;

    CheckCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// @return 0 when a program would start with it; 2 otherwise
    /// @throws ExitException the file cannot be read
    int run() throws ExitException {
        var file = arguments.value(Flag.CONFIG, "");
        if (file.isEmpty()) throw ExitException.usage("which file? loomtunnel check FILE");
        var config = ConfigFile.read(file);
        var command = ConfigCheck.command(config);
        var problems = ConfigCheck.problems(config, command);
        problems.forEach(screen::warn);
        if (!problems.isEmpty()) return ExitException.USAGE;
        // Only what the file says: variables and flags may be others where the program runs.
        var alone = Arguments.of(command, config);
        try {
            if (command == Command.CLIENT) new ClientCommand(alone, screen).check();
            else new ServerCommand(alone, screen).check();
        } catch (ExitException e) {
            throw ExitException.usage(config.at(e.getMessage()), e);
        }
        screen.say(Text.printable(file) + ": fine for loomtunnel " + command.word());
        return ExitException.DONE;
    }
}
