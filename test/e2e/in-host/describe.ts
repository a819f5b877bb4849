/** A suite of mocha without its globals. */
import Mocha from "mocha";

export type AddTest = (title: string, body: () => Promise<void> | void) => void;

/** A function that adds a suite with these tests to a parent. */
export function suite(title: string, fill: (test: AddTest) => void): (parent: Mocha.Suite) => void {
  return (parent) => {
    const own = Mocha.Suite.create(parent, title);
    fill((name, body) => {
      own.addTest(
        new Mocha.Test(name, async () => {
          await body();
        }),
      );
    });
  };
}
