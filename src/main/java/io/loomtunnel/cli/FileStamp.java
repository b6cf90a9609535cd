package io.loomtunnel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/// What differs once a file was written or replaced.
record FileStamp(FileTime modified, long size, Object inode) {
    /// Of a file as it is now; null when there is none, or nobody lets us look.
    static FileStamp of(String file) {
        try {
            var attributes = Files.readAttributes(Path.of(file), BasicFileAttributes.class);
            return new FileStamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException | IllegalArgumentException _) {
            return null;
        }
    }
}
