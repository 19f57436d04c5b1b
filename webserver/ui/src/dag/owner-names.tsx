/** Owners by name; one whose link the DAG gives is a link. */
export function OwnerNames({ owner, links }: { owner: string; links: Readonly<Record<string, string>> }) {
  const names = owner.split(',').map((name) => name.trim());
  return (
    <>
      {names.map((name, index) => (
        <span key={name}>
          {index === 0 ? null : ', '}
          {links[name] === undefined ? (
            name
          ) : (
            <a href={links[name]} target="_blank" rel="noreferrer noopener" className="underline decoration-line-strong hover:text-ink">
              {name}
            </a>
          )}
        </span>
      ))}
    </>
  );
}
