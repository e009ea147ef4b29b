//! Where a store may lie. A file system of another machine gives no lock that holds and no sync
//! that is one, so two routers may write one store, and what was confirmed may be gone: it is
//! refused at the start (RELIABILITY.md section 3).

use std::path::Path;

use super::StoreError;

/// The network file systems that a kernel mounts, by their magic (linux/magic.h, and the sources
/// of those that are not in it). 9p is none of them: it is how a machine in a machine sees a disk
/// of its own host.
const NETWORKS: [(u32, &str); 14] = [
    (0x6969, "nfs"),
    (0x517B, "smb"),
    (0xFE53_4D42, "smb2"),
    (0xFF53_4D42, "cifs"),
    (0x564C, "ncp"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x00C3_6400, "ceph"),
    (0x0BD0_0BD0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x1983_0326, "beegfs"),
    (0x2003_0528, "orangefs"),
    (0xAAD7_AAEA, "panfs"),
];

/// The magic of everything that a program serves through FUSE.
const FUSE: u32 = 0x6573_5546;

/// Which of those reach over a network, as the mount table names them (`fuse.sshfs`).
const PROGRAMS: [&str; 17] = [
    "blobfuse",
    "blobfuse2",
    "ceph-fuse",
    "curlftpfs",
    "davfs",
    "gcsfuse",
    "glusterfs",
    "goofys",
    "httpfs",
    "juicefs",
    "mfs",
    "mount-s3",
    "rclone",
    "s3fs",
    "seaweedfs",
    "smbnetfs",
    "sshfs",
];

/// The network file system of this magic; `mounted` is the kind in the mount table, where there
/// is one. `None`: a disk of this machine, as far as anybody can tell.
fn network(magic: u32, mounted: Option<&str>) -> Option<String> {
    if let Some((_, name)) = NETWORKS.iter().find(|(known, _)| *known == magic) {
        return Some((*name).to_owned());
    }
    let program = mounted.filter(|_| magic == FUSE)?.strip_prefix("fuse.")?;
    PROGRAMS.contains(&program).then(|| format!("fuse.{program}"))
}

/// The kind of the innermost mount of `table` (proc_pid_mountinfo(5)) that `path` lies under.
fn mounted<'t>(table: &'t str, path: &Path) -> Option<&'t str> {
    let mounts = table.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?.replace("\\040", " ");
        let depth = path.starts_with(&place).then(|| Path::new(&place).components().count())?;
        Some((depth, kind.split(' ').next()?))
    });
    // Of two mounts at one place the later one is on top.
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// Refuses a store on a network file system.
#[cfg(target_os = "linux")]
pub(super) fn check(folder: &Path) -> Result<(), StoreError> {
    let io_error = |source| StoreError::Folder { path: folder.to_owned(), source };
    let file = std::fs::File::open(folder).map_err(io_error)?;
    let found = rustix::fs::fstatfs(&file).map_err(|error| io_error(error.into()))?;
    // Signed on some machines, and always of 32 bits.
    let magic = u32::try_from(i128::from(found.f_type) & 0xFFFF_FFFF).unwrap_or_default();
    let table = match magic {
        FUSE => std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
        _ => String::new(),
    };
    let place = folder.canonicalize().map_err(io_error)?;
    match network(magic, mounted(&table, &place)) {
        Some(kind) => Err(StoreError::Network { path: folder.to_owned(), kind }),
        None => Ok(()),
    }
}

/// Nobody tells it here.
#[cfg(not(target_os = "linux"))]
pub(super) fn check(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_kind(magic: u32, mounted: Option<&str>, expected: Option<&str>) {
        assert_eq!(network(magic, mounted).as_deref(), expected, "{magic:#x}");
    }

    #[test]
    fn network_file_systems_are_known_by_their_magic() {
        for (magic, name) in [
            (0x6969, "nfs"),
            (0xFE53_4D42, "smb2"),
            (0xFF53_4D42, "cifs"),
            (0x517B, "smb"),
            (0x00C3_6400, "ceph"),
            (0x0BD0_0BD0, "lustre"),
        ] {
            check_kind(magic, None, Some(name));
        }
        let mut magics = NETWORKS.map(|(magic, _)| magic);
        magics.sort_unstable();
        assert!(magics.windows(2).all(|pair| pair[0] != pair[1]), "each once");
        // ext4, xfs, btrfs, zfs, tmpfs, overlayfs, f2fs, 9p.
        for disk in [
            0xEF53,
            0x5846_5342,
            0x9123_683E,
            0x2FC1_2FC1,
            0x0102_1994,
            0x794C_7630,
            0xF2F5_2010,
            0x0102_1997,
        ] {
            check_kind(disk, None, None);
            check_kind(disk, Some("fuse.sshfs"), None);
        }
    }

    #[test]
    fn of_what_a_program_serves_only_what_reaches_over_a_network_is_refused() {
        for program in ["fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse.rclone", "fuse.juicefs"]
        {
            check_kind(FUSE, Some(program), Some(program));
        }
        for disk in ["fuse.gocryptfs", "fuse.fuse-overlayfs", "fuseblk", "virtiofs", "fuse"] {
            check_kind(FUSE, Some(disk), None);
        }
        check_kind(FUSE, None, None);
    }

    #[test]
    fn the_innermost_mount_counts_and_of_two_at_one_place_the_later_one() {
        let table = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                     40 21 0:44 / /mnt rw shared:9 - fuse.sshfs far: rw\n\
                     41 40 0:45 / /mnt/my\\040disk rw - xfs /dev/sdb1 rw\n\
                     42 21 0:46 / /srv rw - xfs /dev/sdc1 rw\n\
                     43 42 0:47 / /srv rw - fuse.s3fs bucket rw\n";
        let kind = |path: &str| mounted(table, Path::new(path));
        assert_eq!(kind("/var/data"), Some("ext4"));
        assert_eq!(kind("/mnt/data"), Some("fuse.sshfs"));
        assert_eq!(kind("/mntdata"), Some("ext4"));
        assert_eq!(kind("/mnt/my disk/data"), Some("xfs"));
        assert_eq!(kind("/srv/data"), Some("fuse.s3fs"));
    }

    #[test]
    fn a_disk_of_this_machine_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        check(folder.path()).expect("tests run on a disk");
    }
}
