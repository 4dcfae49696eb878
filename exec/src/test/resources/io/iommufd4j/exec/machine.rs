// SPDX-License-Identifier: Apache-2.0

//! Lists the machine's functions, reads one's attributes from four threads, and makes an IOAS.

use std::os::fd::AsRawFd;
use std::{fs, io, thread};

const DEVICES: &str = "/sys/bus/pci/devices";

extern "C" {
    fn ioctl(fd: i32, request: u64, ...) -> i32;
}

fn main() -> io::Result<()> {
    let mut names: Vec<_> = fs::read_dir(DEVICES)?
        .map(|entry| entry.map(|one| one.path()))
        .collect::<io::Result<_>>()?;
    names.sort();
    for name in &names {
        println!("{}", fs::canonicalize(name)?.display());
    }
    let vendor = names[1].join("vendor");
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let vendor = vendor.clone();
            thread::spawn(move || {
                for _ in 0..50 {
                    assert_eq!("0x1234\n", fs::read_to_string(&vendor).unwrap());
                }
            })
        })
        .collect();
    for reader in readers {
        reader.join().unwrap();
    }
    let iommufd = fs::OpenOptions::new().read(true).write(true).open("/dev/iommu")?;
    let mut request = [12u32, 0, 0];
    let answer = unsafe { ioctl(iommufd.as_raw_fd(), 0x3b81, request.as_mut_ptr()) };
    println!("IOAS {} {}", request[2], answer);
    Ok(())
}
