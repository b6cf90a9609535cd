package io.loomtunnel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;

/// A certificate's file and its key's, and what they were like when they were read.
final class CertificateFiles {
    private final String certificate;
    private final String key;
    private Stamp ofCertificate;        // null while there is no such file, as is the next one
    private Stamp ofKey;

    /// What differs when a file was written or replaced.
    private record Stamp(FileTime modified, long size, Object inode) {
        static Stamp of(String file) {
            try {
                var attributes = Files.readAttributes(Path.of(file), BasicFileAttributes.class);
                return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
            } catch (IOException | IllegalArgumentException _) {
                return null;
            }
        }
    }

    CertificateFiles(String certificate, String key) {
        this.certificate = certificate;
        this.key = key;
    }

    /// @throws ExitException as [Certificate#read]
    Certificate read() throws ExitException {
        return Certificate.read(certificate, key);
    }

    /// Whether a file is another than at the last call. Asked before each [#read], so that a change meanwhile is found
    /// by the next.
    boolean changed() {
        var c = Stamp.of(certificate);
        var k = Stamp.of(key);
        if (Objects.equals(c, ofCertificate) && Objects.equals(k, ofKey)) return false;
        ofCertificate = c;
        ofKey = k;
        return true;
    }

    @Override public String toString() {
        return Text.printable(certificate);
    }
}
