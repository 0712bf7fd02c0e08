//! The machine in TypeScript as one script, and what runs it: one engine in each thread.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;

use rquickjs::{CatchResultExt, Context, Ctx, Object, Persistent, Runtime};

/// Bundles a file beside this one with what it imports, as the source is now; so it is never stale, and there is nothing to clean up.
pub(crate) fn bundle(entry: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("node")
        .arg(root.join("client-js/scripts/machine.mjs"))
        .arg(root.join("conformance/bridge/tests/machine").join(entry))
        .output()
        .expect("node is needed to bundle the machine");
    assert!(
        output.status.success(),
        "the machine was not bundled; has `npm ci` been run in client-js?\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("a script is text")
}

struct Engine {
    // Before the runtime, which must outlive it.
    machine: Persistent<Object<'static>>,
    context: Context,
}

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Loads a script for the sessions that this thread will begin. Those of another script must be gone.
pub(crate) fn load(script: &str) {
    let runtime = Runtime::new().expect("memory for an engine");
    let context = Context::full(&runtime).expect("memory for an engine");
    let machine = context.with(|ctx| {
        let loaded = ctx.eval::<(), _>(script).and_then(|()| ctx.globals().get::<_, Object<'_>>("machine"));
        Persistent::save(&ctx, sound(&ctx, loaded))
    });
    ENGINE.set(Some(Engine { machine, context }));
}

/// Lets something be done with what the script exports.
pub(crate) fn with<R>(act: impl for<'js> FnOnce(&Ctx<'js>, Object<'js>) -> rquickjs::Result<R>) -> R {
    ENGINE.with_borrow(|engine| {
        let engine = engine.as_ref().expect("a script is loaded before its sessions begin");
        engine.context.with(|ctx| {
            let machine = sound(&ctx, engine.machine.clone().restore(&ctx));
            let result = act(&ctx, machine);
            sound(&ctx, result)
        })
    })
}

/// An exception in the machine is as bad as a panic.
fn sound<'js, T>(ctx: &Ctx<'js>, result: rquickjs::Result<T>) -> T {
    result.catch(ctx).unwrap_or_else(|error| panic!("the machine threw: {error}"))
}
