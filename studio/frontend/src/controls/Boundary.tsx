import { Component, type ReactNode } from "react";

interface BoundaryProps {
  readonly name: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Keeps a mistake of one part from taking the others with it; the person can go on and try again. */
export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidCatch(error: Error) {
    console.error(error);
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div className={`boundary ${this.props.className ?? ""}`} role="alert">
        <strong>{this.props.name} could not be shown</strong>
        <p>Your pipeline is kept. Undo the last change, or try again.</p>
        <button type="button" className="button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
